from .circle import first


def later() -> None:
    first()
