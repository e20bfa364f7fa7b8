//! A real S3 protocol server on a free port of loopback, with signatures checked, for the time of a test.
//!
//! It can be as bad as a network is: see [`Temper`].

mod tagged;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::Barrier;

use super::project::Project;
use tagged::Tagged;

pub(crate) const KEY: &str = "outlay-test-key";
pub(crate) const SECRET: &str = "outlay-test-secret";

/// An answer that never comes: the connection is reset.
#[derive(Debug)]
struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("lost")
    }
}

impl std::error::Error for Lost {}

/// How the server behaves.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Temper {
    /// Percent of requests that go wrong: 500, 503 SlowDown, 429, a connection that is reset before the request is done, or after.
    pub(crate) faults: u32,
    /// Decides which.
    pub(crate) seed: u64,
    /// Overwrites what it is told only to create.
    pub(crate) ignores_conditions: bool,
    /// Answers reads of ranges only when so many wait for an answer, and those together.
    pub(crate) answers_together: Option<usize>,
}

/// Serves the folders below `root` as buckets while it lives.
pub(crate) struct S3Server {
    address: SocketAddr,
    _runtime: Runtime,
}

impl S3Server {
    pub(crate) fn start(root: &Path) -> Self {
        Self::with_temper(root, Temper::default())
    }

    pub(crate) fn with_temper(root: &Path, temper: Temper) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let service = {
            let mut builder = S3ServiceBuilder::new(Tagged(FileSystem::new(root).unwrap()));
            builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
            builder.build()
        };
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let address = listener.local_addr().unwrap();
        // The server behind checks and writes in two steps; one writer at a time makes its conditions hold.
        let writers = Arc::new(tokio::sync::Mutex::new(()));
        let root: Arc<Path> = root.into();
        let dice = Arc::new(Mutex::new(StdRng::seed_from_u64(temper.seed)));
        let crowd = temper.answers_together.map(|waiting| Arc::new(Barrier::new(waiting)));
        runtime.spawn(async move {
            loop {
                let (socket, _peer) = listener.accept().await.unwrap();
                let (service, writers) = (service.clone(), Arc::clone(&writers));
                let (dice, root, crowd) = (Arc::clone(&dice), Arc::clone(&root), crowd.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let (service, writers, root) = (service.clone(), Arc::clone(&writers), Arc::clone(&root));
                    let crowd = crowd.clone().filter(|_| request.headers().contains_key("range"));
                    let (is_bad, kind) = {
                        let mut dice = dice.lock().unwrap();
                        (dice.random_range(0..100) < temper.faults, dice.random_range(0..5))
                    };
                    async move {
                        match kind {
                            0..3 if is_bad => {
                                let status = [500, 503, 429][kind];
                                return Ok(Response::builder().status(status).body(s3s::Body::empty()).unwrap());
                            }
                            3 if is_bad => return Err(Lost),
                            _ => {}
                        }
                        if let Some(crowd) = crowd {
                            crowd.wait().await;
                        }
                        if temper.ignores_conditions && request.headers().contains_key("if-none-match") {
                            // What is not there can be created.
                            let _gone = std::fs::remove_file(root.join(request.uri().path().trim_start_matches('/')));
                        }
                        let one_at_a_time =
                            if request.method() == Method::GET { None } else { Some(writers.lock().await) };
                        let answer = Service::call(&service, request).await;
                        drop(one_at_a_time);
                        if is_bad { Err(Lost) } else { answer.map_err(|_| Lost) }
                    }
                });
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
