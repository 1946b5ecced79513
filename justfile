# Recipes for working on provision. `just` lists them.

_default:
    @just --list --unsorted

# Run provision: `just run apply stacks/local.yaml --yes --verify`
run *arguments:
    cargo run -- {{ arguments }}

# Every test; names after it narrow it: `just test bundle::`
test *arguments:
    cargo test --workspace --locked {{ arguments }}

# Formatting and lints, warnings denied
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Benchmarks of graph, diff and plan
bench *arguments:
    cargo bench --locked {{ arguments }}

# The documentation of the code, links checked
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

# Licences, sources, bans and advisories of the dependencies (cargo install cargo-deny)
deny:
    cargo deny --locked check

# Everything the gate runs
ci:
    .ci/run
