# syntax=docker/dockerfile:1
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked && cp target/release/parcelwire /parcelwire

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/parcelwire --create-home parcelwire
COPY --from=build /parcelwire /usr/local/bin/parcelwire
USER parcelwire
WORKDIR /var/lib/parcelwire
# config/ and mappings/ are mounted read-only, data/ is the store.
VOLUME ["/var/lib/parcelwire/data"]
ENV PARCELWIRE__HTTP__BIND=0.0.0.0
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["parcelwire", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["parcelwire"]
CMD ["serve"]
