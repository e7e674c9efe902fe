# The coordinator. Build from the root of the repository:
#   docker build -f deploy/container/coordinator.Dockerfile -t bothends-coordinator .
FROM node:20-bookworm AS build
WORKDIR /src
COPY . .
RUN npm ci --no-audit --no-fund && npm run --silent build && npm prune --omit=dev --no-audit --no-fund \
  && find . -path '*/dist/*' \( -name '*.test.*' -o -name '*.map' \) -delete

FROM node:20-bookworm-slim
WORKDIR /opt/bothends
COPY --from=build /src/package.json /src/LICENSE ./
COPY --from=build /src/node_modules node_modules
COPY --from=build /src/proto proto
COPY --from=build /src/agent agent
COPY --from=build /src/coordinator coordinator
COPY --from=build /src/cli cli
RUN groupadd --gid 7443 bothends && useradd --uid 7443 --gid 7443 --no-create-home --shell /usr/sbin/nologin bothends \
  && install -d -m 0700 -o bothends -g bothends /var/lib/bothends/coordinator
USER 7443:7443
VOLUME /var/lib/bothends/coordinator
EXPOSE 7443 7480
ENV BOTHENDS_CONTEXT=/var/lib/bothends/coordinator/context.json
ENTRYPOINT ["node", "/opt/bothends/cli/bin/bothends.js"]
CMD ["coordinator", "--data", "/var/lib/bothends/coordinator"]
