# The agent. Build from the root of the repository, after deploy/build-deb.sh:
#   docker build -f deploy/container/agent.Dockerfile -t bothends-agent .
FROM node:20-bookworm-slim
COPY dist/bothends-agent_*.deb /tmp/agent.deb
# The package is unpacked rather than installed: node is here already, and nothing of it runs as a service.
RUN apt-get update && apt-get install -y --no-install-recommends tcpdump libcap2-bin iproute2 \
  && dpkg-deb -x /tmp/agent.deb / \
  && rm -rf /tmp/agent.deb /var/lib/apt/lists/* \
  # A program that is not root reads packets by this right of the file; the container has to be given it, too. So tcpdump
  # captures here: packet-mmap needs the right in the agent itself, which a container gives to root alone.
  && setcap cap_net_raw=ep "$(readlink -f "$(command -v tcpdump)")" \
  && groupadd --gid 7443 bothends && useradd --uid 7443 --gid 7443 --no-create-home --shell /usr/sbin/nologin bothends \
  && install -d -m 0700 -o bothends -g bothends /var/lib/bothends/agent
USER 7443:7443
VOLUME /var/lib/bothends/agent
ENTRYPOINT ["/usr/bin/bothends", "agent", "--data", "/var/lib/bothends/agent", "--policy", "/etc/bothends/policy.yaml"]
