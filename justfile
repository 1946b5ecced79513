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

# The commands against a cloud that answers 50 ms late, then graph, diff and plan at up to 10,000 resources
bench *arguments:
    cargo build --release --locked --bin provision
    python3 benches/cloud.py --program "${CARGO_TARGET_DIR:-target}/release/provision" {{ arguments }}
    cargo bench --locked

# The handlers as AWS gets them, which tests and the local cloud do not build
bundle:
    cargo run -- bundle

# Judge files of exchanges by AWS's service models: `just contract target/tmp/exchanges/*` (CONTRIBUTING.md)
contract +files:
    #!/usr/bin/env bash
    set -euo pipefail
    # A test makes the environment; its name is the digest of the list of packages.
    digest=$(sha256sum tests/contract/requirements.txt | cut -c 1-16)
    python=${PROVISION_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/provision}/contract-$digest/bin/python
    [[ -x $python ]] || cargo test --locked --test it judges::contract
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests "$python" -m contract {{ files }}

# The documentation of the code, links checked
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

# Licences, sources, bans and advisories of the dependencies (cargo install cargo-deny)
deny:
    cargo deny --locked check

# What is in the program and in each handler, as CycloneDX: *_bin.cdx.json (cargo install cargo-cyclonedx --version 0.5.9 --locked)
sbom:
    cargo cyclonedx --format json --spec-version 1.5 --describe binaries --target all

# Fuzz one target, or each, for so many seconds (needs cargo-fuzz and a compiler of C++): `just fuzz playlist 600`
fuzz target="all" seconds="60":
    #!/usr/bin/env bash
    set -euo pipefail
    if ! cargo fuzz --version >/dev/null 2>&1; then
        echo "cargo-fuzz is not installed: run \`cargo install cargo-fuzz\`; without it, \`just fuzz-seeds\`" >&2
        exit 1
    fi
    targets="{{ target }}"
    [[ $targets != all ]] || targets=$(cargo fuzz list)
    for target in $targets; do
        mkdir -p "fuzz/corpus/$target"
        # Without a sanitizer, stable Rust will do: the code has no `unsafe`.
        features=$([[ $target != record ]] || echo "--features sdk")
        cargo fuzz run -s none $features "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
            "-max_total_time={{ seconds }}"
    done

# The fuzz targets over their seeds and over mutations of them, as a normal test
fuzz-seeds *arguments:
    cargo test --manifest-path fuzz/Cargo.toml --no-default-features --locked {{ arguments }}

# The main job and each type in a real account, then their removal: docs/first-run-on-aws.md
[confirm("This makes resources in an AWS account and removes them; it costs under 1 USD. Go on? (y/N)")]
aws account region zone="":
    PROVISION_AWS_ACCOUNT={{ account }} PROVISION_AWS_REGION={{ region }} PROVISION_AWS_ZONE={{ zone }} \
        cargo test --locked --test it real_account::in_the_account -- --exact --ignored --nocapture

# Remove what a killed `just aws` left
aws-sweep account region:
    PROVISION_AWS_ACCOUNT={{ account }} PROVISION_AWS_REGION={{ region }} \
        cargo test --locked --test it real_account::sweep -- --exact --ignored --nocapture

# Everything the gate runs
ci:
    .ci/run
