"""Where the tutorial's Redis is, from the environment."""

import os

from pydantic import BaseModel

#: Variable that the benchmark sets for the tutorial's processes.
REDIS_URL = "TUTORIAL_REDIS_URL"


class TutorialSettings(BaseModel):
    """What both halves of the tutorial read."""

    redis_url: str

    @classmethod
    def from_env(cls) -> "TutorialSettings":
        """Read the settings of this process."""
        return cls(redis_url=os.environ[REDIS_URL])
