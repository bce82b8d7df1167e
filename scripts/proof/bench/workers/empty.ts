/** Reads nothing and refuses: as little as a Worker can do. */
export default {
  fetch: () => new Response(null, { status: 401 }),
} satisfies ExportedHandler;
