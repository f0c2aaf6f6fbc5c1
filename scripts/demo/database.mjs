/** The name of the database that a development server begins with. */
export const DEMO = "demo";
