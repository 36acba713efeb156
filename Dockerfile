# One bundled file on a Node base without a shell. `npm run test:image` builds and runs it; docs: charts/sidekey, README.md.
ARG BUILD_IMAGE=node:24-trixie-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
COPY test/runtime test/runtime
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY src src
COPY test/build test/build
RUN npm run build

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Sidekey" \
      org.opencontainers.image.description="Sidecar credential proxy: injects the current API secret, rotates it, falls back to the other live one" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /build/dist /sidekey
COPY LICENSE /sidekey/LICENSE
# Node is in /nodejs/bin on the distroless base and in /usr/local/bin on the slim one.
ENV PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin \
    NODE_ENV=production \
    MALLOC_ARENA_MAX=1
USER 65532:65532
# The proxy and the admin port of the default configuration; both listen where the configuration says.
EXPOSE 8080 9901
# SIGUSR1 would open the V8 inspector, and with it every secret in memory. The heap flags and the one arena keep a sidecar small, the others keep it fast, of which the memory reducer's needs Node 24: docs/adr/0008.
ENTRYPOINT ["node", "--disable-sigusr1", "--no-allocation-site-pretenuring", "--retain-maps-for-n-gc=1000", "--no-memory-reducer-favors-memory", "--max-semi-space-size=4", "--max-old-space-size=64", "/sidekey/sidekey.mjs"]
CMD ["serve", "--config", "/etc/sidekey/sidekey.yaml"]
# Kubernetes and the OCI image format ignore it (there, charts/sidekey sets probes); Docker and Compose use it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "/sidekey/sidekey.mjs", "healthcheck"]
