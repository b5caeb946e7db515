// SPDX-License-Identifier: Apache-2.0
package orgd.engine;

import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.memory.MemoryCollection;
import de.bwaldvogel.mongo.bson.Document;

/**
 * A collection that finds by an index whenever the query has all its fields. The base class does so only if
 * the query has no others, and so scans for the filter of every compare-and-set.
 */
final class IndexedCollection extends MemoryCollection {
	IndexedCollection(MongoDatabase database, String name, CollectionOptions options, CursorRegistry cursors) {
		super(database, name, options, cursors);
	}

	@Override
	protected QueryResult queryDocuments(Document query, Document order, int skip, int limit, int batchSize,
			Document fields) {
		for (Index<Integer> index : getIndexes()) {
			Document part = partFor(index, query);
			if (part.size() == index.getKeys().size() && index.canHandle(part)) {
				return matchDocuments(query, index.getPositions(part), order, skip, limit, batchSize, fields);
			}
		}
		return matchDocuments(query, order, skip, limit, batchSize, fields);
	}

	private static Document partFor(Index<Integer> index, Document query) {
		Document part = new Document();
		for (IndexKey key : index.getKeys()) {
			if (query.containsKey(key.getKey())) {
				part.put(key.getKey(), query.get(key.getKey()));
			}
		}
		return part;
	}

	/** The stored document itself. */
	Document at(Integer position) {
		return getDocument(position);
	}
}
