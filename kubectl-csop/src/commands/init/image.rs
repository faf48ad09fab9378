//! References of container images.

/// What is wrong with a reference, if anything is.
pub fn check(reference: &str) -> Result<(), String> {
    if reference.is_empty() {
        return Err("must not be empty; an image looks like registry.example.com/shop:1.4.2".to_owned());
    }
    if reference.chars().any(char::is_whitespace) {
        return Err(format!("{reference:?} has a space in it"));
    }
    if reference.contains("://") {
        return Err(format!("{reference:?} is a URL; write the reference without {:?}", scheme(reference)));
    }
    if reference.chars().count() > 512 {
        return Err("is longer than 512 characters".to_owned());
    }
    let (rest, digest) = match reference.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (reference, None),
    };
    if let Some(digest) = digest {
        check_digest(digest)?;
    }
    let (repository, tag) = split_tag(rest);
    if let Some(tag) = tag {
        check_tag(tag)?;
    }
    check_repository(repository)
}

/// Something that is allowed and rarely meant.
pub fn warning(reference: &str) -> Option<String> {
    if reference.contains('@') {
        return None;
    }
    match split_tag(reference).1 {
        None => {
            Some(format!("image {reference} has no tag, so nodes take :latest, whatever that is by then"))
        }
        Some("latest") => Some(format!(
            "image {reference}: a new :latest rolls no pod; a tag of its own for each build does"
        )),
        Some(_) => None,
    }
}

fn scheme(reference: &str) -> String {
    reference.split_inclusive("://").next().unwrap_or_default().to_owned()
}

/// The tag is behind the last colon after the last slash; a colon before that is a registry's port.
fn split_tag(rest: &str) -> (&str, Option<&str>) {
    let name = rest.rfind('/').map_or(0, |slash| slash + 1);
    match rest[name..].find(':') {
        Some(colon) => (&rest[..name + colon], Some(&rest[name + colon + 1..])),
        None => (rest, None),
    }
}

fn check_tag(tag: &str) -> Result<(), String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if tag.is_empty() {
        return Err("ends in a colon, but no tag follows".to_owned());
    }
    let legal =
        tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|c| word(c) || c == '.' || c == '-');
    if legal {
        return Ok(());
    }
    Err(format!(
        "the tag {tag:?} may have at most 128 letters, digits, '_', '.' and '-', and begins with none of '.' and '-'"
    ))
}

fn check_digest(digest: &str) -> Result<(), String> {
    let hex =
        |text: &str| text.len() >= 32 && text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    match digest.split_once(':') {
        Some(("sha256", sum)) if sum.len() != 64 || !hex(sum) => {
            Err(format!("the digest {digest:?} must be sha256: and 64 digits of 0-9 and a-f"))
        }
        Some((algorithm, sum)) if !algorithm.is_empty() && hex(sum) => Ok(()),
        _ => Err(format!("the digest {digest:?} must look like sha256: and 64 digits of 0-9 and a-f")),
    }
}

fn check_repository(repository: &str) -> Result<(), String> {
    let mut parts: Vec<_> = repository.split('/').collect();
    let first = parts[0];
    // As container runtimes see it: a first part with a dot or a colon, or localhost, is a registry.
    if parts.len() > 1 && (first.contains(['.', ':']) || first == "localhost") {
        check_registry(first)?;
        parts.remove(0);
    }
    for part in parts {
        if part.is_empty() {
            return Err(format!("{repository:?} has an empty part"));
        }
        if part.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(format!("{part:?} must be in lower case"));
        }
        if !is_component(part) {
            return Err(format!(
                "{part:?} may have lower-case letters and digits, with single '.', '_', '__' or dashes between"
            ));
        }
    }
    Ok(())
}

fn is_component(part: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = part.split(word).filter(|gap| !gap.is_empty());
    part.starts_with(word)
        && part.ends_with(word)
        && separators.into_iter().all(|gap| matches!(gap, "." | "_" | "__") || gap.chars().all(|c| c == '-'))
}

fn check_registry(registry: &str) -> Result<(), String> {
    let (host, port) = match registry.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (registry, None),
    };
    let named = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let bracketed = host.starts_with('[') && host.ends_with(']');
    if !bracketed && !host.split('.').all(named) {
        return Err(format!("{host:?} is no host name of a registry"));
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(format!("{registry:?} has no port number behind its colon"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_that_runtimes_take_are_taken() {
        let digest = format!("shop@sha256:{}", "a".repeat(64));
        let both = format!("registry.example.com:5000/a/b-c__d.e:1.4.2@sha256:{}", "0".repeat(64));
        for good in [
            "shop",
            "shop:1",
            "library/shop:latest",
            "localhost/shop",
            "localhost:5000/shop:v1",
            "[::1]:5000/shop",
            &digest,
            &both,
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (bad, why) in [
            ("", "must not be empty"),
            ("shop 1", "has a space"),
            ("https://registry.example.com/shop", "without \"https://\""),
            ("registry.example.com/Shop:1", "\"Shop\" must be in lower case"),
            ("shop:", "no tag follows"),
            ("shop:-1", "the tag \"-1\""),
            ("shop@sha256:abc", "64 digits"),
            ("shop@", "the digest"),
            ("a//b", "empty part"),
            ("shop/", "empty part"),
            ("registry.example.com:port/shop", "no port number"),
            ("-host.example.com/shop", "no host name"),
            ("a..b/c/d$", "no host name"),
            ("c/d$", "\"d$\""),
        ] {
            let error = check(bad).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn latest_is_warned_of() {
        assert!(warning("shop").unwrap().contains("no tag"));
        assert!(warning("localhost:5000/shop").unwrap().contains("no tag"));
        assert!(warning("shop:latest").is_some());
        assert_eq!(warning("shop:1"), None);
        assert_eq!(warning("shop@sha256:0"), None);
    }
}
