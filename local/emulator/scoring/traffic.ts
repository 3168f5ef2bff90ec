/**
 * Who answers a request: an endpoint's traffic rule as a smooth weighted round robin. The order is fixed, so of every
 * hundred requests in a row each deployment gets exactly its percentage, well mixed.
 */

/** Percentages by deployment name. */
export type Traffic = Readonly<Record<string, number>>;

export interface TrafficRouter {
  /** The deployment for the next request; undefined when no deployment has a share. */
  next(traffic: Traffic): string | undefined;
  /** The deployments that get a copy of this request. */
  mirrors(mirrorTraffic: Traffic): readonly string[];
}

/** A router at the start of its round; a changed rule starts a new round. */
export function createTrafficRouter(): TrafficRouter {
  const routing = createRound();
  const mirroring = createRound();
  return {
    next: (traffic) => {
      const credits = routing(traffic);
      const shares = sharesOf(traffic);
      const total = shares.reduce((sum, [, share]) => sum + share, 0);
      let chosen: string | undefined;
      for (const [name, share] of shares) {
        credits.set(name, (credits.get(name) ?? 0) + share);
        if (chosen === undefined || (credits.get(name) ?? 0) > (credits.get(chosen) ?? 0)) chosen = name;
      }
      if (chosen !== undefined) credits.set(chosen, (credits.get(chosen) ?? 0) - total);
      return chosen;
    },
    mirrors: (mirrorTraffic) => {
      const credits = mirroring(mirrorTraffic);
      return sharesOf(mirrorTraffic).flatMap(([name, share]) => {
        const credit = (credits.get(name) ?? 0) + share;
        credits.set(name, credit >= 100 ? credit - 100 : credit);
        return credit >= 100 ? [name] : [];
      });
    },
  };
}

function sharesOf(traffic: Traffic): [string, number][] {
  return Object.entries(traffic).filter(([, share]) => share > 0);
}

/** The credits of the round that belongs to a rule; another rule means a new, empty one. */
function createRound(): (traffic: Traffic) => Map<string, number> {
  let rule = '';
  let credits = new Map<string, number>();
  return (traffic) => {
    const asked = JSON.stringify(sharesOf(traffic).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (asked !== rule) credits = new Map();
    rule = asked;
    return credits;
  };
}
