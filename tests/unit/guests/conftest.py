from pathlib import Path

import pytest
from guest_site import GuestHost


@pytest.fixture
def host(tmp_path: Path) -> GuestHost:
    return GuestHost(tmp_path)
