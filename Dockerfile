FROM rust:1-bookworm AS build
WORKDIR /csop
COPY . .
RUN cargo build --release --locked --package csop-operator

FROM debian:bookworm-slim
COPY --from=build /csop/target/release/csop-operator /usr/local/bin/csop-operator
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/csop-operator"]
