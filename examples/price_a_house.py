"""Price one house with the Python client."""

import os

from api.client import Client


def main() -> None:
    """Price the example house of the champion and print what came back."""
    url, key = os.environ["KERBSIDE_URL"], os.environ["KERBSIDE_API_KEY"]
    with Client(url, key) as client:
        features = client.model()["schema"]["features"]
        house = {feature["name"]: feature["example"] for feature in features}

        prediction = client.price(house)

    print(f"Price:      {prediction.price:,} {prediction.currency}")
    print(f"Range:      {prediction.low:,} to {prediction.high:,}")
    print(f"Confidence: {prediction.confidence} of 100")
    print(f"Unusual:    {prediction.flags or 'nothing'}")
    for sale in prediction.output["comparables"]:
        print(f"Sold for    {sale['price']:,} on {sale['sold_on']}")


if __name__ == "__main__":
    main()
