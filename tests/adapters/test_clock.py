from datetime import timedelta

from bulkplan.adapters.clock import SystemClock


async def test_now_is_aware_utc_and_monotonic_never_goes_back():
    clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(-1)
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.monotonic() >= before
