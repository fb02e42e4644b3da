# syntax=docker/dockerfile:1
FROM rust:1.95-bookworm AS build
# With the image's own toolchain: .dockerignore leaves rust-toolchain.toml out, which would have
# another one fetched.
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked && cp target/release/parcelwire /parcelwire

FROM debian:bookworm-slim
# The certificates that destinations are checked against are those of the system.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/parcelwire --create-home parcelwire \
    && install -d -o parcelwire -g parcelwire -m 0700 /var/lib/parcelwire/data
COPY --from=build /parcelwire /usr/local/bin/parcelwire
USER parcelwire
WORKDIR /var/lib/parcelwire
# config/, connectors/ and mappings/ are mounted read-only, data/ is the store. A volume that is new
# takes the owner of the folder it is laid over.
VOLUME ["/var/lib/parcelwire/data"]
# Every address of the container; which of them the world reaches is up to its engine.
ENV PARCELWIRE__HTTP__BIND=0.0.0.0
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["parcelwire", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["parcelwire"]
CMD ["serve"]
