// SPDX-License-Identifier: Apache-2.0
package orgd.engine;

import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.DefaultQueryMatcher;
import de.bwaldvogel.mongo.backend.QueryMatcher;
import de.bwaldvogel.mongo.backend.Utils;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.MongoServerError;
import java.util.List;
import java.util.UUID;

/** What mongod 6.0 says of collections, and refuses to do with them. The caller holds the engine's lock. */
final class Catalog {
	private final MongoBackend backend;

	Catalog(MongoBackend backend) {
		this.backend = backend;
	}

	/** Adds each collection's UUID to a reply to listCollections, then keeps what the query asks for. */
	Document complete(String database, Document query, Document reply) {
		QueryMatcher matcher = new DefaultQueryMatcher();
		Document filter = (Document) query.getOrDefault("filter", new Document());
		boolean nameOnly = Utils.isTrue(query.get("nameOnly"));
		@SuppressWarnings("unchecked")
		List<Document> rows = (List<Document>) ((Document) reply.get("cursor")).get("firstBatch");
		MongoDatabase names = backend.resolveDatabase(database);
		for (Document row : rows) {
			UUID uuid = names.resolveCollection((String) row.get("name"), true).getUuid();
			((Document) row.get("info")).put("uuid", uuid);
		}
		rows.removeIf(row -> !matcher.matches(row, filter));
		if (nameOnly) {
			rows.forEach(row -> row.keySet().retainAll(List.of("name", "type")));
		}
		return reply;
	}

	/** @throws MongoServerError in mongod's order; that the target exists is left to the backend */
	void checkRename(Document query) {
		String source = argument(query);
		String target = query.get("to").toString();
		if (source.equals(target)) {
			throw new MongoServerError(20, "IllegalOperation", "Can't rename a collection to itself");
		}
		if (!databaseOf(source).equals(databaseOf(target))) {
			throw new MongoServerError(238, "NotImplemented", "this engine has no rename across databases");
		}
		checkName(Utils.getCollectionNameFromFullName(target));
		checkFound(databaseOf(source), Utils.getCollectionNameFromFullName(source), query);
	}

	void checkDrop(String database, Document query) {
		checkFound(database, argument(query), query);
	}

	void checkCreate(Document query) {
		checkName(argument(query));
	}

	boolean exists(String database, Document query) {
		return find(database, argument(query)) != null;
	}

	private void checkFound(String database, String name, Document query) {
		MongoCollection<?> collection = find(database, name);
		Object wanted = query.get("collectionUUID");
		if (wanted != null && (collection == null || !collection.getUuid().equals(wanted))) {
			throw new MongoServerError(361, "CollectionUUIDMismatch",
				"Collection UUID does not match that specified");
		}
		if (collection == null) {
			throw new MongoServerError(26, "NamespaceNotFound", "ns not found: " + database + "." + name);
		}
	}

	private static void checkName(String name) {
		if (name.isEmpty() || name.startsWith(".") || name.contains("$") || name.contains("\0")) {
			throw new MongoServerError(73, "InvalidNamespace", "Invalid collection name: " + name);
		}
	}

	private MongoCollection<?> find(String database, String name) {
		return backend.resolveDatabase(database).resolveCollection(name, false);
	}

	/** The value of the command's own field, which comes first. */
	private static String argument(Document query) {
		return query.values().iterator().next().toString();
	}

	private static String databaseOf(String namespace) {
		return Utils.getDatabaseNameFromFullName(namespace);
	}
}
