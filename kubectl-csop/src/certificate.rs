//! When the client certificate of a kubeconfig ends: an API server that refuses it does not say why.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use k8s_openapi::ByteString;
use kube::config::AuthInfo;
use serde_json::json;

const SEQUENCE: u8 = 0x30;
/// The version comes first, and only where it is not the oldest.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// When the client certificate ends; `None` when there is none, or it cannot be read.
pub fn end(user: &AuthInfo) -> Option<Timestamp> {
    let pem = match (&user.client_certificate_data, &user.client_certificate) {
        (Some(data), _) => String::from_utf8(base64(data)?).ok()?,
        (None, Some(path)) => std::fs::read_to_string(path).ok()?,
        (None, None) => return None,
    };
    not_after(&der(&pem)?)
}

/// The first certificate of a PEM text: the user's own.
fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END")?;
    base64(&body.split_whitespace().collect::<String>())
}

fn base64(text: &str) -> Option<Vec<u8>> {
    serde_json::from_value::<ByteString>(json!(text)).ok().map(|bytes| bytes.0)
}

/// RFC 5280: a certificate begins with its version, serial number, algorithm, issuer and validity.
fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let mut outer = Der(certificate);
    let mut signed = Der(outer.sequence()?);
    let mut fields = Der(signed.sequence()?);
    let (tag, _) = fields.element()?;
    if tag == VERSION {
        fields.element()?;
    }
    let (_algorithm, _issuer) = (fields.sequence()?, fields.sequence()?);
    let mut validity = Der(fields.sequence()?);
    validity.element()?;
    let (tag, time) = validity.element()?;
    let text = std::str::from_utf8(time).ok()?;
    let whole = match tag {
        // Two digits of the year, of which the greater half are of the last century.
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    TimeZone::UTC.to_timestamp(DateTime::strptime("%Y%m%d%H%M%SZ", whole).ok()?).ok()
}

/// Elements of DER, one after another.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next element: its tag and its content.
    fn element(&mut self) -> Option<(u8, &'a [u8])> {
        let [tag, first, rest @ ..] = self.0 else { return None };
        let (length, rest) = match usize::from(*first) {
            short @ 0..0x80 => (short, rest),
            long => {
                let (digits, rest) = rest.split_at_checked(long & 0x7f)?;
                let length = digits.iter().try_fold(0_usize, |length, digit| {
                    length.checked_mul(256)?.checked_add(usize::from(*digit))
                })?;
                (length, rest)
            }
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, content))
    }

    fn sequence(&mut self) -> Option<&'a [u8]> {
        self.element().filter(|(tag, _)| *tag == SEQUENCE).map(|(_, content)| content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82, length[0], length[1]], content].concat()
    }

    /// A certificate as far as its validity.
    fn certificate(version: bool, tag: u8, time: &str) -> Vec<u8> {
        let version = if version { element(VERSION, &[2, 1, 2]) } else { vec![] };
        let validity = [element(UTC_TIME, b"200101000000Z"), element(tag, time.as_bytes())].concat();
        let fields = [
            version,
            vec![2, 1, 7],
            element(SEQUENCE, &[0; 200]),
            element(SEQUENCE, &[]),
            element(SEQUENCE, &validity),
        ];
        element(SEQUENCE, &element(SEQUENCE, &fields.concat()))
    }

    #[test]
    fn both_forms_of_time_are_read() {
        for (tag, time, want) in [
            (UTC_TIME, "210102030405Z", "2021-01-02T03:04:05Z"),
            (UTC_TIME, "991231235959Z", "1999-12-31T23:59:59Z"),
            (GENERALIZED_TIME, "21200101000000Z", "2120-01-01T00:00:00Z"),
        ] {
            for version in [true, false] {
                assert_eq!(not_after(&certificate(version, tag, time)), want.parse().ok());
            }
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        let whole = certificate(true, UTC_TIME, "210102030405Z");
        for cut in 0..whole.len() {
            assert_eq!(not_after(&whole[..cut]), None);
        }
        assert_eq!(not_after(&certificate(true, UTC_TIME, "é")), None);
        assert_eq!(not_after(&[SEQUENCE, 0xff]), None);
        assert_eq!(end(&AuthInfo { client_certificate_data: Some("%".into()), ..AuthInfo::default() }), None);
        assert_eq!(end(&AuthInfo::default()), None);
    }

    #[test]
    fn the_data_goes_before_the_file() {
        let encode =
            |bytes: Vec<u8>| serde_json::to_value(ByteString(bytes)).unwrap().as_str().unwrap().to_owned();
        let body = encode(certificate(true, UTC_TIME, "210102030405Z"));
        let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        let user = AuthInfo {
            client_certificate: Some("/nowhere".into()),
            client_certificate_data: Some(encode(pem.into_bytes())),
            ..AuthInfo::default()
        };
        assert_eq!(end(&user), "2021-01-02T03:04:05Z".parse().ok());
    }
}
