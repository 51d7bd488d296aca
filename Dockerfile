# One static program on a small system with a shell (CI services run their steps in one) and the usual certificate authorities.
#   docker build -t scimproof .
#   docker run --rm scimproof run --reference
FROM rust:1-alpine AS build
RUN apk add --no-cache musl-dev gcc make perl
WORKDIR /source
COPY . .
RUN cargo install --quiet --locked --path . --bin scimproof --root /built

FROM alpine:3
RUN apk add --no-cache ca-certificates \
 && adduser -D -H -u 10001 scimproof
COPY --from=build /built/bin/scimproof /usr/local/bin/scimproof
# The journal of what a run made, for any user that the container is started as.
ENV XDG_STATE_HOME=/tmp/state
USER 10001:10001
WORKDIR /work
ENTRYPOINT ["scimproof"]
CMD ["--help"]
