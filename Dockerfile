# The binary with what it needs at run time and nothing else: no compiler, no PostgreSQL of its own, no root.
#   docker build -t reportctl .        docs/en/production.md says how to run it

FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY bin bin
COPY schemas schemas
COPY docs docs
COPY scripts scripts
COPY src src
COPY CHANGELOG.md CONTRIBUTING.md README.md README.pt-BR.md LICENSE ./
# The package as npm publishes it: the libraries are built in, in the versions of the lockfile.
RUN node scripts/package.js /app

FROM node:24-slim
ENV NODE_ENV=production \
    REPORTCTL_QUERIES=/queries
COPY --from=build /app /app
# By its number, so that Kubernetes can tell that it is not root.
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["node", "/app/bin/reportctl.js"]
CMD ["--help"]
