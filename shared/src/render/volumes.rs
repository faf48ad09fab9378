//! Volumes of the pod and where the container sees them.

use super::{config, secrets};
use crate::api::{
    CashService,
    cash_service::{Mount, Volume as GivenVolume},
};
use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, EmptyDirVolumeSource, SecretVolumeSource, Volume, VolumeMount,
};
use kube::ResourceExt;

/// Files are readable by every user of the container, which is the pod's only one.
const READ_ONLY: i32 = 0o444;
const TMP: &str = "/tmp";

/// The pod's volumes with their mounts.
pub(super) fn volumes(service: &CashService) -> (Vec<Volume>, Vec<VolumeMount>) {
    let spec = &service.spec;
    let own = scratch(service)
        .into_iter()
        .chain(files(service))
        .chain(secret_files(service))
        .chain(certificate(service));
    let (mut volumes, mut mounts): (Vec<_>, Vec<_>) = own.unzip();
    volumes.extend(spec.volumes.iter().map(given_volume));
    mounts.extend(spec.volume_mounts.iter().map(given_mount));
    (volumes, mounts)
}

fn scratch(service: &CashService) -> Option<(Volume, VolumeMount)> {
    let own_tmp = service.spec.volume_mounts.iter().any(|m| m.mount_path.trim_end_matches('/') == TMP);
    let volume = Volume { empty_dir: Some(EmptyDirVolumeSource::default()), ..Volume::default() };
    (!own_tmp).then(|| mounted("csop-tmp", volume, TMP, false))
}

fn files(service: &CashService) -> Option<(Volume, VolumeMount)> {
    let given = service.spec.config.as_ref();
    let source = ConfigMapVolumeSource {
        name: config::files_name(&service.name_any(), given)?,
        items: given.map(|c| config::items(&c.files)),
        default_mode: Some(READ_ONLY),
        optional: None,
    };
    let volume = Volume { config_map: Some(source), ..Volume::default() };
    Some(mounted("csop-config", volume, "/etc/config/service", true))
}

fn secret_files(service: &CashService) -> Vec<(Volume, VolumeMount)> {
    let mounted_as_files = service.spec.secrets.iter().filter(|s| s.env.is_none());
    mounted_as_files
        .map(|source| {
            let usual = format!("/etc/secrets/service/{}", source.name);
            let path = source.mount_path.as_deref().unwrap_or(&usual);
            let name = format!("csop-secret-{}", source.name);
            mounted(&name, secret(secrets::object_name(&service.name_any(), source)), path, true)
        })
        .collect()
}

fn certificate(service: &CashService) -> Option<(Volume, VolumeMount)> {
    let tls = service.spec.contract.as_ref()?.tls.as_ref()?;
    Some(mounted("csop-tls", secret(tls.secret_name.clone()), "/etc/secrets/tls", true))
}

fn secret(name: String) -> Volume {
    let source = SecretVolumeSource {
        secret_name: Some(name),
        default_mode: Some(READ_ONLY),
        ..SecretVolumeSource::default()
    };
    Volume { secret: Some(source), ..Volume::default() }
}

fn mounted(name: &str, volume: Volume, path: &str, read_only: bool) -> (Volume, VolumeMount) {
    let mount = VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    };
    (Volume { name: name.to_owned(), ..volume }, mount)
}

fn given_volume(given: &GivenVolume) -> Volume {
    let given = given.clone();
    Volume {
        name: given.name,
        config_map: given.config_map,
        csi: given.csi,
        downward_api: given.downward_api,
        empty_dir: given.empty_dir,
        ephemeral: given.ephemeral,
        persistent_volume_claim: given.persistent_volume_claim,
        projected: given.projected,
        secret: given.secret,
        ..Volume::default()
    }
}

fn given_mount(given: &Mount) -> VolumeMount {
    let given = given.clone();
    VolumeMount {
        name: given.name,
        mount_path: given.mount_path,
        sub_path: given.sub_path,
        read_only: given.read_only,
        ..VolumeMount::default()
    }
}
