"""Orders: the old way, and the new one."""

import os

import httpx
from shop.compat import migration
from shop.db import Item, Order, Session
from sqlalchemy import select

client = httpx.AsyncClient(base_url=os.environ["SHOP_BANK"], limits=httpx.Limits(max_connections=20))


@migration.seam("shop.order", key=lambda order_id, item: order_id)
async def place(order_id: str, item: str) -> dict[str, object]:
    async with Session() as db, db.begin():
        found = (await db.scalars(select(Item).where(Item.name == item))).one()
        price = (await client.get("/price", params={"item": item})).json()["value"]
        found.left = Item.left - 1
        db.add(Order(id=order_id, item=item, price=price))
        await db.flush()
        await client.post("/charge", json={"order": order_id, "amount": price})
    return {"order": order_id, "price": price}


@place.candidate
async def place_by_events(order_id: str, item: str) -> dict[str, object]:
    async with Session() as db:
        found = (await db.execute(select(Item).where(Item.name == item))).scalar_one()
        price = (await client.get(f"/price?item={item}")).json()["value"]
        found.left = Item.left - 1
        db.add(Order(id=order_id, item=item, price=price))
        await db.flush()
        amount = price
        await client.post("/charge", json={"order": order_id, "amount": amount})
        await db.commit()
    return {"order": order_id, "price": price}
