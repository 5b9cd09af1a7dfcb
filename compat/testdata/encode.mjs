// Encodes and decodes texts with Hugging Face's library for JavaScript: node encode.mjs LIBRARY.
// Standard input and output are JSON, as order and answer in libraries_test.go.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { Tokenizer } = await import(pathToFileURL(process.argv[2]));
const { tokenizer, config, texts } = JSON.parse(readFileSync(0, "utf8"));
const theirs = new Tokenizer(JSON.parse(tokenizer), config);
const options = { clean_up_tokenization_spaces: false };
const ids = texts.map((text) => theirs.encode(text).ids);
const decoded = ids.map((ids) => (ids.length ? theirs.decode(ids, options) : ""));
process.stdout.write(JSON.stringify({ ids, decoded }));
