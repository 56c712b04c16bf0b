# One image for every process; the command says which: start, receiver, router or dispatcher.
FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Without scripts, because `prepare` builds and the sources are not here yet.
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src src
COPY workers workers
RUN npm run build && rm -f dist/.*tsbuildinfo

FROM node:20-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# npm keeps the compiler, because a library of the queue board has it as an optional peer: 31 MB that nothing loads.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/typescript node_modules/@typescript

FROM node:20-slim
WORKDIR /app
# A published port reaches only a process that listens on all addresses. It then refuses to start without `http.tokens`.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 METRICS_PORT=9464
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY config/sms-dispatch.yaml config/
USER node
# The receiver, and the operations port of router and dispatcher.
EXPOSE 8080 9464
STOPSIGNAL SIGTERM
# Exec form: node itself gets the signal and drains. Run with an init (docker run --init) where child processes matter.
ENTRYPOINT ["node", "dist/workers/sms-dispatch.js"]
CMD ["start"]
