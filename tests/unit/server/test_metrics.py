"""What Prometheus reads."""

from __future__ import annotations

from api.metrics import Metrics


def rendered(metrics: Metrics) -> list[str]:
    text, media_type = metrics.rendered()
    assert media_type.startswith("text/plain; version=")
    return text.decode().splitlines()


def test_requests_are_counted_by_route_method_and_status() -> None:
    metrics = Metrics("1.2.3")
    for _ in range(2):
        metrics.request("/api/v1/secrets/store/{path}", "GET", 200, 0.002)
    metrics.request("/api/v1/secrets/store/{path}", "GET", 404, 0.002)
    lines = rendered(metrics)
    series = 'trstctl_http_requests_total{method="GET",route="/api/v1/secrets/store/{path}",status='
    assert f'{series}"200"}} 2.0' in lines
    assert f'{series}"404"}} 1.0' in lines


def test_durations_are_a_histogram_by_route() -> None:
    metrics = Metrics("1.2.3")
    metrics.request("/x", "GET", 200, 0.002)
    lines = rendered(metrics)
    assert [each for each in lines if each.startswith("trstctl_http_request_seconds_count") and each.endswith(" 1.0")]
    assert 'trstctl_http_request_seconds_bucket{le="0.001",route="/x"} 0.0' in lines
    assert 'trstctl_http_request_seconds_bucket{le="0.0025",route="/x"} 1.0' in lines


def test_commits_tell_their_size_time_and_the_head() -> None:
    metrics = Metrics("1.2.3")
    metrics.commit(3, 0.004, 17)
    lines = rendered(metrics)
    assert "trstctl_commit_batch_size_sum 3.0" in lines
    assert "trstctl_commit_seconds_count 1.0" in lines
    assert "trstctl_log_head 17.0" in lines


def test_lag_is_asked_for_when_it_is_read() -> None:
    metrics, lag = Metrics("1.2.3"), [4]
    metrics.watch_lag("audit", lambda: lag[0])
    lag[0] = 9
    assert 'trstctl_projection_lag_events{projection="audit"} 9.0' in rendered(metrics)


def test_work_that_waits_is_told_by_kind_and_told_to_be_none_when_it_is_gone() -> None:
    metrics = Metrics("1.2.3")
    metrics.work({"lease.revoke": 2, "share.expire": 1}, 7)
    lines = rendered(metrics)
    assert 'trstctl_needs_attention{kind="lease.revoke"} 2.0' in lines
    assert 'trstctl_needs_attention{kind="share.expire"} 1.0' in lines
    assert "trstctl_due_work_overdue 7.0" in lines
    metrics.work({"share.expire": 3}, 0)
    lines = rendered(metrics)
    assert 'trstctl_needs_attention{kind="lease.revoke"} 0.0' in lines
    assert 'trstctl_needs_attention{kind="share.expire"} 3.0' in lines
    assert "trstctl_due_work_overdue 0.0" in lines


def test_the_version_is_told() -> None:
    assert 'trstctl_build_info{version="1.2.3"} 1.0' in rendered(Metrics("1.2.3"))


def test_whoever_invents_methods_makes_no_series() -> None:
    metrics = Metrics("1.2.3")
    for number in range(50):
        metrics.request("/x", f"FOO{number}", 400, 0.001)
    assert len([each for each in rendered(metrics) if each.startswith("trstctl_http_requests_total{")]) == 1
