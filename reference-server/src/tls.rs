//! TLS with a certificate that the server makes for itself when it starts. Nobody trusts it who is not told to:
//! the handle gives it to the harness, which takes it for an authority of its own.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The certificate of this server, and what speaks TLS with it.
pub(crate) struct Identity {
    /// Agrees on keys with clients, and on HTTP/2 with those who can.
    pub(crate) acceptor: TlsAcceptor,
    /// The certificate as PEM.
    pub(crate) certificate: String,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[error("no certificate could be made: {0}")]
pub struct NoIdentity(String);

/// Makes a key and a certificate for an address of this machine.
pub(crate) fn identity(address: IpAddr) -> Result<Identity, NoIdentity> {
    let none = |error: rcgen::Error| NoIdentity(error.to_string());
    let key = KeyPair::generate().map_err(none)?;
    let names = vec![address.to_string(), "localhost".to_owned()];
    let certificate = CertificateParams::new(names)
        .and_then(|params| params.self_signed(&key))
        .map_err(none)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder.with_no_client_auth().with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
        })
        .map_err(|error| NoIdentity(error.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Identity {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        certificate: certificate.pem(),
    })
}
