/** Offers that nobody has answered yet: who sits on what, and since when. */
import type { Books, OfferBook } from './books.ts';

export function openOffer(books: Books, offer: OfferBook): void {
  books.offers.set(offer.serial, offer);
  offer.agent.offers.push(offer);
  offer.client.offers++;
}

/** One that is not outstanding is passed over. */
export function closeOffer(books: Books, serial: number): void {
  const offer = books.offers.get(serial);
  if (offer === undefined) return;
  books.offers.delete(serial);
  offer.client.offers--;
  const { offers } = offer.agent;
  offers.splice(offers.indexOf(offer), 1);
}

/** `offers` may be a list that they are struck off of. */
export function closeOffers(books: Books, offers: readonly OfferBook[]): void {
  for (const serial of offers.map((offer) => offer.serial)) closeOffer(books, serial);
}
