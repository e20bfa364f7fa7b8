//! Every saved query, but for those that read summary tables, over sample companies of 1 and 10 million charges on the local
//! disk, from SQL to the last row. A name and a size choose: `cargo bench -- spend_by_team/1000000`.

#![expect(missing_docs, reason = "the macros of criterion make public functions")]

use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use object_store::local::LocalFileSystem;
use outlay::config::Config;
use outlay::demo::{Plan, Progress, generate};
use outlay::engine::Engine;
use outlay::query::Catalog;

const CHARGES: [u64; 2] = [1_000_000, 10_000_000];
const MONTHS: u32 = 24;
const SEED: u64 = 42;

struct Unseen;

impl Progress for Unseen {
    fn rows(&self, _written: u64) {}
}

fn queries(criterion: &mut Criterion) {
    for charges in CHARGES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let engine = runtime.block_on(engine(folder.path(), charges));
        let mut group = criterion.benchmark_group("query");
        group.throughput(Throughput::Elements(charges)).sample_size(10);
        for query in engine.catalog().iter().filter(|query| query.runs_without_values()) {
            if runtime.block_on(engine.unbuilt(query)).expect("the query reads").is_empty() {
                group.bench_function(format!("{}/{charges}", query.name), |bencher| {
                    bencher.iter(|| {
                        runtime.block_on(async {
                            let mut answer = engine.run(query, &[]).await.expect("the query plans");
                            answer.collect().await.expect("the query runs")
                        })
                    });
                });
            }
        }
        group.finish();
    }
}

async fn engine(folder: &Path, charges: u64) -> Arc<Engine> {
    let plan = Plan::new(charges, MONTHS, SEED).expect("a plan within its ranges");
    let store = Arc::new(LocalFileSystem::new());
    let prefix = object_store::path::Path::from_absolute_path(folder).expect("an absolute path");
    generate(&plan, store, &prefix, &Unseen).await.expect("the sample company");
    let config = Config::load(&folder.join("outlay.toml")).expect("its configuration");
    Arc::new(Engine::builder(config).catalog(Catalog::embedded()).build().expect("an engine"))
}

criterion_group!(benches, queries);
criterion_main!(benches);
