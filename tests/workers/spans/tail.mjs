// Prints the spans of the Workers that it is the tail of, as the platform streams them.

export default {
  tailStream() {
    return ({ event, spanContext }) => {
      if (/^(spanOpen|spanClose|attributes)$/.test(event.type)) {
        console.log(`span ${JSON.stringify({ ...event, at: spanContext })}`);
      }
    };
  },
};
