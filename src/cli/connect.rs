//! From flags and configuration to a client: which target, which credential, which limits.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::TargetArgs;
use super::error::CliError;
use super::terminal::Terminal;
use crate::client::{BaseUrl, ClientOptions};
use crate::config::{self, Auth, Config, Secret};

/// The file that is used where `--config` is not given.
pub(super) const DEFAULT_CONFIG: &str = "scimproof.toml";

/// Seconds for one exchange where nobody says otherwise.
const DEFAULT_TIMEOUT_S: f64 = 10.0;

/// Reads the configuration: `--config`, else ./scimproof.toml where it exists, else nothing.
///
/// # Errors
/// The file is wrong or, where it was named, not there.
pub(super) fn configuration(args: &TargetArgs) -> Result<(Config, Option<PathBuf>), CliError> {
    let path = match &args.config {
        Some(path) => path.clone(),
        None if Path::new(DEFAULT_CONFIG).is_file() => PathBuf::from(DEFAULT_CONFIG),
        None => return Ok((Config::default(), None)),
    };
    let config = config::load(&path, &|name| Terminal::variable(name))?;
    Ok((config, Some(path)))
}

/// What a client for the target needs.
///
/// # Errors
/// No target, an unusable URL, a credential that is not there or belongs to another origin.
pub(super) fn options(args: &TargetArgs, config: &Config) -> Result<ClientOptions, CliError> {
    let Some(url) = args.target.as_deref().or(config.target.url.as_deref()) else {
        return Err(CliError::Usage(
            "no target: give --target URL or --reference, or `[target] url` in scimproof.toml"
                .to_owned(),
        ));
    };
    let base_url = BaseUrl::parse(url)?;
    let flag = credential_flag(args)?;
    let auth = match flag {
        Some(auth) => auth,
        None => {
            credentials_belong_to(&base_url, args, config)?;
            config.auth.clone()
        }
    };
    let timeout_s = args
        .timeout
        .or(config.run.timeout_s)
        .unwrap_or(DEFAULT_TIMEOUT_S);
    let mut options = ClientOptions::new(base_url);
    options.auth = auth;
    options.revoked = config.revoked.clone();
    options.other_tenant = config.other_tenant.clone();
    options.timeout = Duration::try_from_secs_f64(timeout_s).unwrap_or(Duration::from_secs(10));
    options.ca_file = config.ca_file.clone();
    options.allow_insecure_http = args.allow_insecure_http || config.run.allow_insecure_http;
    Ok(options)
}

/// The bearer token that the command line names, never gives.
fn credential_flag(args: &TargetArgs) -> Result<Option<Auth>, CliError> {
    if let Some(name) = &args.token_env {
        let token = Terminal::variable(name)
            .filter(|token| !token.trim().is_empty())
            .ok_or_else(|| {
                CliError::Usage(format!(
                    "--token-env: the environment variable {name} is not set or empty"
                ))
            })?;
        return Ok(Some(Auth::Bearer(Secret::new(token.trim(), name))));
    }
    if let Some(path) = &args.token_file {
        let token = config::read_token(path)
            .map_err(|why| CliError::Usage(format!("--token-file: {why}")))?;
        return Ok(Some(Auth::Bearer(Secret::new(token, "SCIM_TOKEN"))));
    }
    Ok(None)
}

/// A credential in the configuration is for the target that stands there, not for any that a flag names.
fn credentials_belong_to(
    base_url: &BaseUrl,
    args: &TargetArgs,
    config: &Config,
) -> Result<(), CliError> {
    let (Some(_), Some(configured)) = (&args.target, &config.target.url) else {
        return Ok(());
    };
    if config.auth == Auth::None {
        return Ok(());
    }
    let configured = BaseUrl::parse(configured)?;
    if configured.origin() == base_url.origin() {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "the credential in the configuration is for {}, and --target is at {}; give its own with --token-env or --token-file",
        configured.origin(),
        base_url.origin()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TargetConfig;

    fn config(url: &str) -> Config {
        Config {
            target: TargetConfig {
                url: Some(url.to_owned()),
                name: None,
            },
            auth: Auth::Bearer(Secret::new("configured", "T")),
            ..Config::default()
        }
    }

    fn target(url: &str) -> TargetArgs {
        TargetArgs {
            target: Some(url.to_owned()),
            ..TargetArgs::default()
        }
    }

    #[test]
    fn a_configured_credential_never_goes_to_another_origin() {
        let config = config("https://a.example/scim");
        assert!(options(&target("https://a.example/other"), &config).is_ok());
        for other in ["https://b.example/scim", "https://a.example:444/scim"] {
            let error = options(&target(other), &config)
                .expect_err(other)
                .to_string();
            assert!(
                error.contains("the credential in the configuration is for https://a.example"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_target_is_needed() {
        let error = options(&TargetArgs::default(), &Config::default())
            .expect_err("none")
            .to_string();
        assert!(error.contains("--reference"), "{error}");
    }
}
