//! Credentials of AWS that live in profiles, single sign-on or a credential process.
//!
//! object_store reads keys, web identity, container and instance credentials by itself; for the rest this asks the chain
//! of the AWS SDK, which reads the user's AWS files and environment as every AWS tool does.

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::BehaviorVersion;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredential};
use object_store::{CredentialProvider, Result};
use tokio::sync::OnceCell;

/// Credentials from the chain of the AWS SDK, loaded on first use.
#[derive(Debug, Default)]
pub(super) struct ProfileCredentials {
    chain: OnceCell<SharedCredentialsProvider>,
}

impl ProfileCredentials {
    /// The chain, unless `builder` holds credentials that object_store understands or is told to sign nothing.
    pub(super) fn when_needed(builder: &AmazonS3Builder) -> Option<Self> {
        const SETTLED: [AmazonS3ConfigKey; 5] = [
            AmazonS3ConfigKey::AccessKeyId,
            AmazonS3ConfigKey::WebIdentityTokenFile,
            AmazonS3ConfigKey::ContainerCredentialsRelativeUri,
            AmazonS3ConfigKey::ContainerCredentialsFullUri,
            AmazonS3ConfigKey::SkipSignature,
        ];
        SETTLED.iter().all(|key| builder.get_config_value(key).is_none()).then(Self::default)
    }
}

fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> object_store::Error {
    object_store::Error::Unauthenticated { path: "the AWS credential chain".to_owned(), source: cause.into() }
}

#[async_trait]
impl CredentialProvider for ProfileCredentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> Result<Arc<AwsCredential>> {
        let chain = self
            .chain
            .get_or_try_init(|| async {
                let config = aws_config::defaults(BehaviorVersion::latest()).load().await;
                config.credentials_provider().ok_or_else(|| failed("no provider of credentials is configured"))
            })
            .await?;
        let found = chain.provide_credentials().await.map_err(failed)?;
        Ok(Arc::new(AwsCredential {
            key_id: found.access_key_id().to_owned(),
            secret_key: found.secret_access_key().to_owned(),
            token: found.session_token().map(str::to_owned),
        }))
    }
}
