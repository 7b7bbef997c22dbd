"""Where the tutorial's Redis and model are, from the environment."""

import os

from pydantic import BaseModel

#: Variables that the benchmark sets for the tutorial's processes.
REDIS_URL, MODEL_FOLDER = "TUTORIAL_REDIS_URL", "TUTORIAL_MODEL_FOLDER"


class TutorialSettings(BaseModel):
    """What both halves of the tutorial read."""

    redis_url: str
    model_folder: str

    @classmethod
    def from_env(cls) -> "TutorialSettings":
        """Read the settings of this process."""
        return cls(
            redis_url=os.environ[REDIS_URL], model_folder=os.environ[MODEL_FOLDER]
        )
