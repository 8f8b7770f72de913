# The server in an image that holds nothing else: no shell, no package manager, no root.
#
#   docker build --build-arg VERSION=1.0.0 -t authtickets .
#   docker run --rm -p 127.0.0.1:8080:8080 -v authtickets:/data authtickets
#
# Without settings it keeps its accounts, sessions and keys in /data (SQLite). For MySQL see compose.yaml.

FROM --platform=$BUILDPLATFORM golang:1.26-alpine AS build
WORKDIR /src
ENV GOMODCACHE=/cache/modules GOCACHE=/cache/build
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/cache go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=development
RUN --mount=type=cache,target=/cache \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /authtickets .
RUN mkdir -m 0700 /empty

FROM scratch
# The certificates are for a database reached over TLS, and for AWS KMS; /tmp is where SQLite puts what does not fit in memory.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /empty /tmp
COPY --from=build --chown=65532:65532 /empty /data
COPY --from=build /authtickets /authtickets
USER 65532:65532
ENV AUTHTICKETS_LISTEN=0.0.0.0:8080 \
    AUTHTICKETS_DATA=/data
VOLUME /data
EXPOSE 8080
# Without its database the server is not ready, and should still be left running: Swarm ends what is unhealthy.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/authtickets", "health", "--live"]
ENTRYPOINT ["/authtickets"]
CMD ["serve"]
