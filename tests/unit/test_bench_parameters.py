"""The Parameter Store of the benches, read as the functions read the real one."""

from bench.parameters import storing
from lib.adapters.parameter_store import PAGE_SIZE
from lib.settings import gather_settings


def test_every_page_is_found():
    settings = {f"SETTING_{number}": str(number) for number in range(2 * PAGE_SIZE + 1)}

    with storing(settings) as environment:
        assert gather_settings(environment) == {**environment, **settings}
