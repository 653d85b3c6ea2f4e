# syntax=docker/dockerfile:1
# Two stages: packages are installed where npm is, and run where only what is needed is.

FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# No script of a package runs: every native part comes prebuilt in a package of its own.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    PORT=3000 \
    GATEHOUSE_DATA_DIR=/data
WORKDIR /app
# Owned by root and not writable: the process can change nothing but /data and /tmp.
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
COPY schemas ./schemas
COPY config/defaults.json ./config/defaults.json
COPY src ./src
RUN mkdir /data && chown node:node /data && chmod 0700 /data \
    && rm -rf /usr/local/lib/node_modules/npm /usr/local/bin/npm /usr/local/bin/npx /opt/yarn* /usr/local/bin/yarn*
VOLUME /data
EXPOSE 3000
USER node
# No shell and no curl needed: Node asks itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://localhost:${process.env.PORT}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node is process 1 and receives SIGTERM itself, so that requests in flight finish.
CMD ["node", "--max-semi-space-size=16", "--heap-growing-percent=50", "--import", "./src/compile-cache.mjs", "src/main.ts"]
