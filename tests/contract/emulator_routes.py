"""Requests that the daemon does not make, to validate the emulator's answers."""

DOCKERFILE = {"dockerfileContent": "FROM debian:12\nRUN echo hi\n"}


def answer_all(ask, world):
    """`ask(method, path, body=None)` makes each request."""
    box = world.sandbox("box")
    stopped = world.stopped_sandbox("stopped")
    built = world.sandbox("built", buildInfo=DOCKERFILE)
    tools = world.snapshot("tools", imageName=None, buildInfo=DOCKERFILE)
    ask("GET", "/health")
    ask("GET", "/config")
    ask("GET", "/object-storage/push-access")
    ask("PUT", f"/sandbox/{box}/labels", {"labels": {"a": "b"}})
    for setting in ("autostop/5", "autopause/0", "autoarchive/5", "autodelete/-1", "ttl/5", "public/true"):
        ask("POST", f"/sandbox/{box}/{setting}")
    ask("POST", f"/sandbox/{box}/network-settings", {"networkBlockAll": True})
    ask("POST", f"/sandbox/{box}/last-activity", {})
    ask("GET", f"/sandbox/{box}/ports/3000/preview-url")
    ask("GET", f"/sandbox/{box}/toolbox-proxy-url")
    ask("POST", f"/sandbox/{stopped}/archive")
    ask("POST", f"/sandbox/{box}/pause")
    ask("GET", f"/sandbox/{built}/build-logs")
    ask("GET", f"/snapshots/{tools}/build-logs")
