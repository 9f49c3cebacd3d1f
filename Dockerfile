# Altiplano: one image for masters and agents.
#
# A master needs nothing but this image. An agent that runs tasks as other users, or in containers of
# their own, needs root and the host's namespaces: see compose.yaml.

FROM node:26-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:26-bookworm-slim
WORKDIR /opt/altiplano
COPY --from=build /build/package.json ./package.json
COPY --from=build /build/cmd/altiplano.js ./cmd/altiplano.js
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY --from=build /build/LICENSE ./LICENSE
RUN ln -s /opt/altiplano/cmd/altiplano.js /usr/local/bin/altiplano \
 && mkdir -p /var/lib/altiplano \
 && chown node:node /var/lib/altiplano
USER node
VOLUME /var/lib/altiplano
# Masters: HTTP 5050, gRPC 5060 for agents and 5061 among themselves. Agents: HTTP 5051.
EXPOSE 5050 5051 5060 5061
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.ALTIPLANO_HEALTH_PORT ?? 5050}/health`).then((reply) => process.exit(reply.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["altiplano"]
CMD ["--help"]
