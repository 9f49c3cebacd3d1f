/** Offers that nobody has answered yet: who sits on what, and since when. */
import type { Books, OfferBook } from './books.ts';

export function openOffer(books: Books, offer: OfferBook): void {
  books.offers.set(offer.serial, offer);
  const { agent } = offer;
  agent.offers = agent.offers.length === 0 ? [offer] : [...agent.offers, offer];
  offer.client.offers++;
}

/** One that is not outstanding is passed over. */
export function closeOffer(books: Books, serial: number): void {
  const offer = books.offers.get(serial);
  if (offer === undefined) return;
  books.offers.delete(serial);
  offer.client.offers--;
  const { agent } = offer;
  agent.offers = agent.offers.length === 1 ? noOffers : agent.offers.filter((one) => one !== offer);
}

export function closeOffers(books: Books, offers: readonly OfferBook[]): void {
  for (const { serial } of offers) closeOffer(books, serial);
}

/** Most agents have none, or one: lists that are made anew take less than one that grows. */
export const noOffers: readonly OfferBook[] = [];
