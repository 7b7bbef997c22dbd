"""Why nothing is known of a local installation, and what to do about it."""

from api.launcher.statefolder import StateFolder

#: Other ways to name what a command looks for.
NO_REDIS = "set KERBSIDE_REDIS_URL or KERBSIDE_STATE_DIR"
NO_API = "say --url, or set KERBSIDE_URL or KERBSIDE_STATE_DIR"


def told(state: StateFolder, other_way: str) -> str:
    """Say why a command finds none in a state folder, and what to do."""
    if state.is_barred():
        return (
            f"The installation in {state.path} is not this user's: run the command as"
            f" the user who started it, or {other_way}."
        )
    return (
        f"No installation in {state.path}: start one with `kerbside up`, or"
        f" {other_way}."
    )
