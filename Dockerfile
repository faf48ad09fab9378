# For those who have an engine: the image that `make images` builds without one. Other programs by
# --build-arg PACKAGE=csop-examples --build-arg PROGRAM=http-app.
FROM rust:1.95.0-bookworm AS build
ARG PACKAGE=csop-operator
ARG PROGRAM=csop-operator
WORKDIR /csop
COPY . .
# Nothing but the program is in its image, so it brings its libraries with it. The target is named because macros, which run
# here, cannot.
RUN target="$(rustc -vV | sed -n 's/^host: //p')" \
 && RUSTFLAGS='-Ctarget-feature=+crt-static' \
    cargo build --release --locked --target "$target" --package "$PACKAGE" --bin "$PROGRAM" \
 && mkdir -p /image/etc/ssl/certs \
 && install -m 1777 -d /image/tmp \
 && cp "target/$target/release/$PROGRAM" /image/program \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
 && printf 'root:x:0:0:root:/:/sbin/nologin\ncsop:x:65532:65532:csop:/:/sbin/nologin\n' > /image/etc/passwd \
 && printf 'root:x:0:\ncsop:x:65532:\n' > /image/etc/group \
 && printf 'hosts: files dns\n' > /image/etc/nsswitch.conf

FROM scratch
ARG PROGRAM=csop-operator
LABEL org.opencontainers.image.title="$PROGRAM" org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image/ /
WORKDIR /
USER 65532:65532
ENTRYPOINT ["/program"]
