"""The peer of the start: a minimal Typer program that prints one row by SQLAlchemy Core.

It runs in .venv/bench, which `scripts/setup bench` makes, with a Typer that is not ours.
"""

import typer
from sqlalchemy import create_engine, select
from sqlalchemy.sql import column, table

app = typer.Typer()


@app.command()
def show(path: str, reference: str) -> None:
    cases = table("case_view", column("reference"), column("state"))
    with create_engine(f"sqlite:///{path}").connect() as connection:
        chosen = select(cases).where(cases.c.reference == reference)
        print(*connection.execute(chosen).one())


if __name__ == "__main__":
    app()
