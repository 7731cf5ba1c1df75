/** The version in package.json, set by the bundler. */
declare const __CTO_VERSION__: string;
