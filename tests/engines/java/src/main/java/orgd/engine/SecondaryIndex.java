// SPDX-License-Identifier: Apache-2.0
package orgd.engine;

import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.bson.BsonRegularExpression;
import de.bwaldvogel.mongo.bson.Document;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An index that is not unique, for equality; where the backend has only one that is always empty. It says that
 * it is sparse, which to the backend means that it need not know of every document.
 */
final class SecondaryIndex extends Index<Integer> {
	private final Map<KeyValue, Set<Integer>> positions = new HashMap<>();
	private final IndexedCollection documents;

	SecondaryIndex(String name, List<IndexKey> keys, IndexedCollection documents) {
		super(name, keys, true);
		this.documents = documents;
	}

	@Override
	public boolean canHandle(Document query) {
		return keys().stream().map(query::get).allMatch(SecondaryIndex::isPlain);
	}

	private static boolean isPlain(Object value) {
		return value != null && !(value instanceof Document) && !(value instanceof Collection)
			&& !(value instanceof BsonRegularExpression);
	}

	@Override
	public Iterable<Integer> getPositions(Document query) {
		KeyValue key = new KeyValue(keys().stream().map(query::get).toList()).normalized();
		return List.copyOf(positions.getOrDefault(key, Set.of()));
	}

	/** Asked for a document's place; that is left to the index of _id. */
	@Override
	public Integer getPosition(Document document) {
		return null;
	}

	@Override
	public void checkAdd(Document document, MongoCollection<Integer> collection) {
	}

	@Override
	public void add(Document document, Integer position, MongoCollection<Integer> collection) {
		for (KeyValue key : getKeyValues(document)) {
			positions.computeIfAbsent(key, unused -> new LinkedHashSet<>()).add(position);
		}
	}

	@Override
	public Integer remove(Document document) {
		Integer place = null;
		for (KeyValue key : getKeyValues(document)) {
			for (Integer position : positions.getOrDefault(key, Set.of())) {
				if (documents.at(position) == document) {
					place = position;
				}
			}
			forget(key, place);
		}
		return place;
	}

	@Override
	public void checkUpdate(Document before, Document after, MongoCollection<Integer> collection) {
	}

	@Override
	public void updateInPlace(Document before, Document after, Integer position,
			MongoCollection<Integer> collection) {
		if (!nullAwareEqualsKeys(before, after)) {
			getKeyValues(before).forEach(key -> forget(key, position));
			add(after, position, collection);
		}
	}

	private void forget(KeyValue key, Integer position) {
		positions.computeIfPresent(key, (unused, same) -> {
			same.remove(position);
			return same.isEmpty() ? null : same;
		});
	}

	@Override
	public long getCount() {
		return positions.values().stream().mapToLong(Set::size).sum();
	}

	@Override
	public long getDataSize() {
		return getCount();
	}

	@Override
	public void drop() {
		positions.clear();
	}
}
