"""Bodies of answers as the OpenAPI document shows them; the figures are made up."""

from typing import Any

ID = "0b5d3a52-5d8a-4c3e-9d5c-1f0e9a8b7c6d"
_URL = f"https://api.example.org/v1/predictions/{ID}"
_VERSION, _DIGEST = "20150527-8b511c50", "sha256:8b511c50"
_TRAINED_AT = "2026-01-02T03:04:05Z"
_INTERVAL = {"low": 506175, "high": 827405, "level": 0.9, "method": "conformal"}
_OUTPUT = {
    "price": 675069,
    "currency": "USD",
    "interval": _INTERVAL,
    "fsd": 0.1284,
    "confidence": {"score": 87, "band": "high"},
    "as_of": "2015-05-27",
    "in_distribution": True,
    "flags": [
        {
            "feature": "sqft_lot",
            "code": "above_sales",
            "value": 871200,
            "detail": "more than 99 % of the sales",
        }
    ],
    "comparables": [
        {
            "sold_on": "2014-09-08",
            "price": 590000,
            "price_as_of": 651138,
            "distance_m": 150,
            "house": {"sqft_living": 1530, "grade": 7},
        }
    ],
    "model": {
        "name": "king-county",
        "version": _VERSION,
        "alias": "champion",
        "digest": _DIGEST,
        "trained_at": _TRAINED_AT,
    },
}
_PREDICTION = {
    "id": ID,
    "object": "prediction",
    "model": "king-county",
    "version": _VERSION,
    "input": {"sqft_living": 1910, "grade": 7, "zipcode": "98117"},
    "output": _OUTPUT,
    "error": None,
    "logs": "",
    "status": "succeeded",
    "state_detail": None,
    "sequence": 3,
    "attempts": 1,
    "created_at": "2026-01-31T12:00:00.000Z",
    "started_at": "2026-01-31T12:00:00.004Z",
    "completed_at": "2026-01-31T12:00:00.007Z",
    "expires_at": "2026-02-01T12:00:00.007Z",
    "metrics": {"predict_time": 0.00067, "queue_time": 0.004, "total_time": 0.007},
    "metadata": {"order": "7"},
    "webhook": None,
    "webhook_events_filter": None,
    "urls": {"get": _URL, "cancel": f"{_URL}/cancel"},
    "data_removed": False,
    "source": "api",
}
_SUMMARY = {
    "name": "king-county",
    "version": _VERSION,
    "digest": _DIGEST,
    "trained_at": _TRAINED_AT,
    "as_of": "2015-05-27",
    "currency": "USD",
    "metrics": {"n": 4752, "mdape": 7.6, "coverage": 91.1},
    "aliases": ["champion"],
}

#: Name of a schema -> a body that it describes.
BODIES: dict[str, dict[str, Any]] = {
    "Health": {"status": "ok"},
    "Model": {
        **_SUMMARY,
        "data": {"sales": 21613, "licence": "CC0-1.0"},
        "interval": {"level": 0.9},
        "schema": {"features": [{"name": "grade", "kind": "integer"}]},
        "profile": {},
        "training": {"seed": 0},
        "examples": [],
    },
    "ModelList": {
        "results": [_SUMMARY],
        "refused": [],
        "next": None,
        "previous": None,
    },
    "Prediction": _PREDICTION,
    "PredictionList": {
        "results": [_PREDICTION],
        "next": "https://api.example.org/v1/predictions?limit=1&cursor=o...",
        "previous": None,
    },
    "Ready": {"status": "ready", "champion": _VERSION},
    "Scaler": {
        "queues": {
            "predictions": {
                "waiting": 12,
                "running": 8,
                "backlog": 20,
                "oldest_age_s": 1.4,
                "workers": 2,
                "arrivals_per_s": 410.0,
                "jobs_per_s": 850.0,
                "paused": False,
            }
        }
    },
}
