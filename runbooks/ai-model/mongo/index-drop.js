db = connect(process.env.MONGO_URL);
db.getCollection(process.env.COLLECTION).dropIndex(process.env.INDEX);
