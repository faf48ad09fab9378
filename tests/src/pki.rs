//! The certificates of one control plane.

use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use k8s_openapi::ByteString;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use crate::Error;

/// A certificate authority with the folder that holds its certificates.
pub struct Authority {
    folder: PathBuf,
    name: String,
    issuer: Issuer<'static, KeyPair>,
}

/// The files of a certificate and its key, both PEM.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// For whom a certificate is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    /// The common name; to the API server, the user's name.
    pub name: &'a str,
    /// The organization; to the API server, the user's group.
    pub group: Option<&'a str>,
    /// The DNS names and addresses that a server has.
    pub hosts: &'a [&'a str],
    /// Whether its time is over.
    pub expired: bool,
}

impl Authority {
    /// Makes a new authority.
    pub fn create(folder: &Path, name: &str) -> Result<Self, Error> {
        let key = KeyPair::generate().map_err(failed(name))?;
        let mut params = params(&Subject { name, ..Subject::default() })?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let certificate = params.self_signed(&key).map_err(failed(name))?;
        let files = files(folder, name);
        write_private(&files.certificate, &certificate.pem())?;
        write_private(&files.key, &key.serialize_pem())?;
        Ok(Self { folder: folder.to_owned(), name: name.to_owned(), issuer: Issuer::new(params, key) })
    }

    /// Loads an authority that was made earlier.
    pub fn load(folder: &Path, name: &str) -> Result<Self, Error> {
        let read = |path: &Path| std::fs::read_to_string(path).map_err(Error::file("read", path));
        let files = files(folder, name);
        let key = KeyPair::from_pem(&read(&files.key)?).map_err(failed(name))?;
        let issuer = Issuer::from_ca_cert_pem(&read(&files.certificate)?, key).map_err(failed(name))?;
        Ok(Self { folder: folder.to_owned(), name: name.to_owned(), issuer })
    }

    /// The file of the authority's own certificate.
    pub fn certificate(&self) -> PathBuf {
        files(&self.folder, &self.name).certificate
    }

    /// Makes a certificate for a server, a client or both, in files of this name.
    pub fn issue(&self, file: &str, subject: &Subject<'_>) -> Result<Certificate, Error> {
        let key = KeyPair::generate().map_err(failed(subject.name))?;
        let mut params = params(subject)?;
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed(subject.name))?;
        let files = files(&self.folder, file);
        write_private(&files.certificate, &certificate.pem())?;
        write_private(&files.key, &key.serialize_pem())?;
        Ok(files)
    }
}

/// Makes a pair of keys without a certificate, as service account tokens are signed with: the public key is the file
/// called certificate.
pub fn key_pair(folder: &Path, file: &str) -> Result<Certificate, Error> {
    let key = KeyPair::generate().map_err(failed(file))?;
    let files = files(folder, file);
    write_private(&files.certificate, &key.public_key_pem())?;
    write_private(&files.key, &key.serialize_pem())?;
    Ok(files)
}

fn params(subject: &Subject<'_>) -> Result<CertificateParams, Error> {
    let hosts: Vec<String> = subject.hosts.iter().map(|&host| host.to_owned()).collect();
    let mut params = CertificateParams::new(hosts).map_err(failed(subject.name))?;
    params.distinguished_name.push(DnType::CommonName, subject.name);
    if let Some(group) = subject.group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(if subject.expired { 2021 } else { 2120 }, 1, 1);
    Ok(params)
}

fn files(folder: &Path, name: &str) -> Certificate {
    Certificate { certificate: folder.join(format!("{name}.crt")), key: folder.join(format!("{name}.key")) }
}

fn failed(subject: &str) -> impl FnOnce(rcgen::Error) -> Error {
    let subject = subject.to_owned();
    move |source| Error::Certificate { subject, source }
}

/// A certificate in its text form (RFC 7468).
pub(crate) fn pem(certificate: &[u8]) -> String {
    let base64 = serde_json::to_value(ByteString(certificate.to_vec())).expect("bytes are a JSON string");
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in base64.as_str().unwrap_or_default().as_bytes().chunks(64) {
        text.extend(line.iter().map(|&byte| char::from(byte)));
        text.push('\n');
    }
    text + "-----END CERTIFICATE-----\n"
}

/// Writes a file that only this user can read.
pub fn write_private(path: &Path, content: &str) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options
        .open(path)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .map_err(Error::file("write", path))
}
