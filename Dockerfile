# syntax=docker/dockerfile:1
# One static program and the certificates of authorities; no shell, no package manager, not root.
#
#   docker build --tag rolecall .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/roles:ro" rolecall validate
#
# git's library opens no clone that belongs to somebody else, hence `--user`.
#
# `--target shell` gives the same on a small system with a shell, for CI systems that need one.

FROM rust:1.95-alpine3.22 AS build
# musl's headers and start files, for the C sources of git's library, zlib and mimalloc.
RUN apk add --no-cache musl-dev
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY benches benches
COPY examples/gitlab-ci examples/gitlab-ci
COPY schema schema
COPY src src
COPY templates templates
COPY tests/runner.rs tests/runner.rs
COPY README.md LICENSE-APACHE LICENSE-MIT ./
# The target of alpine's own toolchain is musl, and static.
RUN cargo build --locked --profile dist && cp target/dist/rolecall /rolecall && /rolecall --version

FROM alpine:3.22 AS shell
RUN apk add --no-cache ca-certificates git
COPY --from=build /rolecall /usr/local/bin/rolecall
USER 65532:65532
WORKDIR /roles

# The last one is what `docker build` makes.
FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rolecall" \
      org.opencontainers.image.description="Custom roles of SaaS products as code: review, plan and apply role definitions from git" \
      org.opencontainers.image.source="https://github.com/OWNER/rolecall" \
      org.opencontainers.image.documentation="https://github.com/OWNER/rolecall#readme" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /rolecall /rolecall
USER 65532:65532
WORKDIR /roles
ENTRYPOINT ["/rolecall"]
