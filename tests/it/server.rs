//! A real S3 protocol server on a free port of loopback, with signatures checked, for the time of a test.

use std::net::SocketAddr;
use std::path::Path;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::project::Project;

pub(crate) const KEY: &str = "outlay-test-key";
pub(crate) const SECRET: &str = "outlay-test-secret";

/// Serves the folders below `root` as buckets while it lives.
pub(crate) struct S3Server {
    address: SocketAddr,
    _runtime: Runtime,
}

impl S3Server {
    pub(crate) fn start(root: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let service = {
            let mut builder = S3ServiceBuilder::new(FileSystem::new(root).unwrap());
            builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
            builder.build()
        };
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            loop {
                let (socket, _peer) = listener.accept().await.unwrap();
                let service = service.clone();
                tokio::spawn(async move {
                    let server = Builder::new(TokioExecutor::new());
                    // A client that goes away is no failure of the server.
                    let _closed = server.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self { address, _runtime: runtime }
    }

    /// Gives `project` the endpoint and the credentials by their standard names.
    pub(crate) fn known_to(&self, project: &mut Project) {
        self.endpoint_known_to(project);
        project.environment("AWS_ACCESS_KEY_ID", KEY);
        project.environment("AWS_SECRET_ACCESS_KEY", SECRET);
    }

    pub(crate) fn endpoint_known_to(&self, project: &mut Project) {
        project.environment("AWS_ENDPOINT_URL", &format!("http://{}", self.address));
        project.environment("AWS_REGION", "us-east-1");
    }
}
