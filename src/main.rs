//! The `outlay` binary.

fn main() -> std::process::ExitCode {
    outlay::cli::main(std::env::args_os())
}
