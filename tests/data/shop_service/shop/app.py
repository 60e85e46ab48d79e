"""The service."""

from fastapi import FastAPI
from pydantic import BaseModel
from shop.compat import migration
from shop.orders import place

app = FastAPI()
migration.use("fastapi", app)


class Wanted(BaseModel):
    id: str
    item: str


@app.post("/orders")
async def orders(wanted: Wanted) -> dict[str, object]:
    return await place(wanted.id, wanted.item)
